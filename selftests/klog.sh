# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What in a kernel log means that something broke.

klog_phrases='BUG:|WARNING:|Oops|Kernel panic|cut here|general protection fault[,:]'
klog_phrases+='|KASAN|KCSAN|UBSAN|kmemleak: [0-9]+ new|refcount_t:|Objects remaining|corruption'
klog_phrases+='|INFO: task .* blocked|INFO: .*(rcu|lock|RCU)|rcu: INFO|detected stall|soft lockup|hard LOCKUP'
klog_phrases+='|possible (circular|recursive|irq)|inconsistent lock state|suspicious RCU'
klog_phrases+='|scheduling while atomic|sleeping function called|unregister_netdevice: waiting'

# klog_bad [FILE...]: print the lines that hold such a phrase; true if any.
klog_bad() {
	grep -aE "$klog_phrases" "$@"
}

# klog_around FILE: print such lines and what stands around them.
klog_around() {
	grep -aE -B 2 -A 40 "$klog_phrases" "$1" | head -n 150
}
