/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in verifier. */
#ifndef _PGNL_VERIFY_H
#define _PGNL_VERIFY_H

#include <linux/types.h>

struct pgnl_net;

/* Room for a verdict, its NUL included. */
#define PGNL_VERDICT_MAX	128

bool pgnl_verify(struct pgnl_net *pn, char *verdict);
void pgnl_verify_init(void);
void pgnl_verify_exit(void);

#endif /* _PGNL_VERIFY_H */
