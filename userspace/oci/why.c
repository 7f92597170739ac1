// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "why.h"

bool why(struct why *why, const char *format, ...)
{
	va_list args;

	if (*why->text)
		return false;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return false;
}
