"""Measurements that need what several apps know; nothing in the product imports them."""
