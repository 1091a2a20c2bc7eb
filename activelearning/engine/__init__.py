"""The learning machine: texts and labels in, models, scores and suggestions out.

The only package that may import torch. It knows neither Django nor the database; the rest of
DANER talks to it through `job` (files), `child` (a process of its own) and `predictor`.
"""

from __future__ import annotations
