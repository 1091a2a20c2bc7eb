"""Agreement figures that need arrays; knows dataclasses and numbers, no database."""
