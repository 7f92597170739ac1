// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints, instantiated. */
#define CREATE_TRACE_POINTS
#include "trace.h"
