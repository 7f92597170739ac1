# SPDX-License-Identifier: GPL-2.0-or-later
# The release before.
s/^(#define PGNL_VERSION_MINOR) .*/\1 0/
