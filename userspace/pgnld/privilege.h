/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGNLD_PRIVILEGE_H
#define PGNLD_PRIVILEGE_H

/* Keep CAP_NET_ADMIN and give up all other capabilities of this thread, for good. 0 or
 * -EPERM: there is no CAP_NET_ADMIN.
 */
int privilege_drop(void);

#endif
