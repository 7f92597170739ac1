# SPDX-License-Identifier: GPL-2.0-or-later
# The next release, with a command that the module does not have yet.
s/^(#define PGNL_VERSION_MINOR) .*/\1 99/
s/^(\tPGNL_CMD_SCOPE_UNSHARE),/\1 = 200,/
