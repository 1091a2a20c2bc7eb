/* A short message in the polite live region; it never takes the focus. */
export function toast(message, { bad = false, seconds = 6 } = {}) {
  const element = document.createElement("div");
  element.className = bad ? "toast toast-bad" : "toast";
  element.textContent = message;
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), seconds * 1000);
}
