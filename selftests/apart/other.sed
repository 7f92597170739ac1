# SPDX-License-Identifier: GPL-2.0-or-later
# A release whose interface to the kernel is another one.
s/^(#define PGNL_VERSION_MINOR) .*/\1 99/
s/^(#define PGNL_FAMILY_VERSION)\t.*/\1\t2/
