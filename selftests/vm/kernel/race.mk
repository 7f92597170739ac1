# SPDX-License-Identifier: GPL-2.0-or-later
# Read by each make that builds the race kernel, not by the one that builds the module.
#
# The kernel itself is not instrumented. It is full of races by these rules, of which
# the first would end a VM; and a watch costs the time that it waits for somebody else,
# which is now spent on the module's accesses alone. What the kernel does to memory
# that the module reads is noticed all the same, as a value that changes meanwhile.
override KCSAN_SANITIZE := n

# The barriers in it have to be known, or what the module does before it lets a lock go
# seems to happen after that. Code that runs where the watching does not yet, and that
# which is for other programs (the boot loader, the vDSO), does without.
override KCSAN_INSTRUMENT_BARRIERS = \
	$(if $(is-kernel-object),$(if $(filter-out kernel/kcsan arch/%,$(obj)),y))
