// SPDX-License-Identifier: LGPL-2.1-or-later
/* The version of the library. */

#include "internal.h"

#define STRING(x) #x
#define DOTTED(a, b, c) STRING(a) "." STRING(b) "." STRING(c)

LP_EXPORT const char *pgnl_version(void)
{
	return DOTTED(PGNL_VERSION_MAJOR, PGNL_VERSION_MINOR, PGNL_VERSION_PATCH);
}
