// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer on what somebody might write into pgnld.conf. */
#include <stdlib.h>

#include "../config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *errors;
	struct config config;

	if (!errors)
		errors = fopen("/dev/null", "w");
	if (!config_parse("conf", (const char *)data, size, &config, errors))
		config_free(&config);
	return 0;
}
