# SPDX-License-Identifier: GPL-2.0-or-later
"""Import it first: where the modules are that the soak shares with the oracle and the bench."""
import sys
from pathlib import Path

SELFTESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SELFTESTS / 'cluster'), str(SELFTESTS / 'bench')]
