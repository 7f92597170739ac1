# SPDX-License-Identifier: GPL-2.0-or-later
# "make help" tells the targets. Every part builds into $(O) and nowhere else.

VERSION := 0.1.0

O ?= build
override O := $(abspath $(O))
PREFIX ?= /usr/local
export PREFIX DESTDIR

# What the module is built for and tested on: KVER, or the newest installed
# kernel of each series, or the running one when there is none.
SERIES := 6.1 6.12
full = $(foreach k,$(1),$(or $(shell selftests/vm/kver $(k) 2>/dev/null),$(2)))
KVERS = $(or $(call full,$(KVER),$(KVER)),$(call full,$(SERIES)),$(shell uname -r))
VM_KVER = $(lastword $(KVERS))

Q := $(if $(V),,@)
S := $(if $(V),,-s)
say = @printf '  %-8s%s\n'
MAKEFLAGS += --no-print-directory

all: modules lib tools

## make [KVER=VERSION]        the module, libpgnl and the commands
## make modules [KVER=...]    the module alone; W=1: more warnings, C=2: sparse
## make lib | tools | tests   libpgnl | the commands | test programs and examples
## make gen | check-gen       write what the spec generates | compare with it
modules: $(KVERS:%=module-%)

# Kbuild writes beside its sources, so it gets links to them in a folder of each
# kernel. Our O would be another kernel tree to it.
module-% onwire-% newer-%: tree = $(firstword $(wildcard $(O)/*/linux-$* /lib/modules/$*/build))
module-%:
	$(Q)[ "$(tree)" ] || { \
		echo "kernel $* has no headers here: package linux-headers-$*" >&2; exit 1; }
	$(Q)mkdir -p $(O)/kmod-$*/kmod
	$(Q)ln -sfn $(CURDIR)/uapi $(O)/kmod-$*/uapi
	$(Q)ln -sf $(CURDIR)/Kbuild $(O)/kmod-$*/
	$(Q)ln -sf $(CURDIR)/kmod/*.[ch] $(O)/kmod-$*/kmod/
	$(Q)find $(O)/kmod-$*/kmod -xtype l -delete
	$(Q)$(MAKE) -C $(tree) M=$(O)/kmod-$* O= modules

lib:
	$(Q)$(MAKE) $(S) -C libpgnl O=$(O)
tools: lib
	$(Q)$(MAKE) $(S) -C userspace O=$(O)
tests: lib $(KVERS:%=onwire-%) $(KVERS:%=newer-%)
	$(Q)$(MAKE) $(S) -C libpgnl O=$(O) examples
	$(Q)$(MAKE) $(S) -C selftests O=$(O)
	$(Q)$(MAKE) $(S) -C userspace/pgnld/sim O=$(O)

# Modules for tests, see there.
define test_module =
	$(Q)mkdir -p $(O)/selftests/$@
	$(Q)ln -sf $(CURDIR)/selftests/$(1)/* $(O)/selftests/$@/
	+$(Q)$(MAKE) -C $(tree) M=$(O)/selftests/$@ O= modules
endef

onwire-%:
	$(call test_module,cluster/onwire)
newer-%:
	$(call test_module,cli/newer)

gen: $(O)/linux/.unpacked
	$(Q)uapi/netlink/gen.sh $(O)/linux/tools/net/ynl
check-gen:
	$(Q)selftests/gates/gen

$(O)/linux/.unpacked:
	$(Q)$(MAKE) $(S) -C selftests O=$(O) $@

# ---------------------------------------------------------------------------
## make check                 the gates, all tests on 6.12, and on 6.1 what depends on the
##                            kernel [FULL=1: all there too] [KVER='6.1 6.12'] [TESTS='...']
## make check-static          the gates alone: style, sparse, lint
## make check-kernels         builds for all kernels of Debian 12, and the tests of the
##                            kernel on the one for real time [RT=6.12-rt] [TESTS='...']
## make debug-kernel | race-kernel  a kernel that watches memory, locks and leaks | one that
##                            finds data races of the module; KVER=debug and KVER=race
## make check-debug | check-race  the tests of the kernel on it [TESTS='exit_test ...']
## make coverage              what of the module and the library the tests reach, on a kernel
##                            that counts [TESTS='...'] [PUBLISH=1: into docs/coverage.md]
## make fuzz                  requests of any kind to the debug kernel [FUZZ_SECONDS=3600] [SEED=N]
## make check-cluster         Erlang's cases on four nodes, faults, 8 and 36 nodes in one VM,
##                            two VMs with a cable between them, a short soak [KVER=6.1]
## make check-oracle          the same script to pgnl and to Erlang's pg [SEED=N] [ROUNDS=200]
## make soak                  all that may go wrong, at random, on 8 nodes in one VM; plots into
##                            build/soak [SOAK_SECONDS=3600] [SEED=N] [KVER=6.1]
## make sim [SEEDS=100000]    clusters in one process, each from a seed [SEED=N]: the long run
## make scale [NODES=1000]    what a cluster costs as it grows
## make demo | bench          see pgnl at work | measure it, in a VM [ROWS='get ...']
## make bench-cluster         measure nodes among each other, beside Erlang's pg
## make bench-check           no row costs more instructions than is expected [UPDATE=1]
## make shell [KVER=6.1]      a shell in a VM with the module loaded
## make vm-run CMD='...' [KVER=6.1] [MEM=MB] [CPUS=N] [LIMIT=SECONDS]
# As root, these install the Debian packages which they need. The rest is a make
# of its own, for it must see them.
deps = $(Q)selftests/deps.sh
vm = selftests/vm/run -k $(VM_KVER) $(MEM:%=-m %) $(CPUS:%=-c %) $(LIMIT:%=-t %)

check:
	$(deps) build vm demo check
	$(Q)$(MAKE) -j$(shell nproc) O=$(O) all tests
	$(Q)selftests/check.sh gates vm

check-static:
	$(deps) build check
	$(Q)$(MAKE) O=$(O) lib tools
	$(Q)selftests/check.sh gates

# Plain, rt and cloud; what is special to rt is that its spinlocks sleep.
ALL_KERNELS := $(foreach s,$(SERIES),$(s) $(s)-rt $(s)-cloud)
RT ?= $(lastword $(SERIES))-rt

check-kernels:
	$(deps) build vm check kernels
	$(Q)KVER='$(ALL_KERNELS)' selftests/check.sh modules
	$(Q)$(MAKE) O=$(O) KVER=$$(selftests/vm/kver $(RT)) modules lib tests
	$(Q)KVER=$(RT) LIMIT=$(or $(LIMIT),3600) TESTS='$(or $(TESTS),$(kernel_tests))' \
		selftests/check.sh vm

# Kernels of our own, each with a name that KVER takes.
debug-kernel race-kernel coverage-kernel: %-kernel:
	$(deps) build debug
	$(Q)selftests/vm/kernel/build $* $(O)/$*

# A tenth of the rounds of each race, since they are about ten times slower.
kernel_tests = $(patsubst selftests/%.c,%,$(wildcard selftests/*_test.c))

check-debug check-race: check-%: %-kernel
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=$* modules lib tests
	$(Q)$(vm) -k $* -m 4096 $(MEM:%=-m %) -t 7200 $(LIMIT:%=-t %) -o $(O)/$@ -- \
		env PGNL_ROUNDS=0.1 selftests/run.sh -t 1200 $(or $(TESTS),$(kernel_tests))

# Not optimized further than a kernel has to be, so that a branch of the source is one of
# the program, and not one for each place that a function was put into.
coverage: coverage-kernel
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=coverage GCOV_PROFILE=y KCFLAGS=-fno-early-inlining modules
	$(Q)$(MAKE) O=$(O) KVER=coverage lib tools tests
	$(Q)$(MAKE) $(S) -C selftests/coverage O=$(O)
	$(Q)$(vm) -k coverage -m 4096 $(MEM:%=-m %) -t 7200 $(LIMIT:%=-t %) -o $(O)/coverage/out -- \
		selftests/coverage/run.sh $(or $(TESTS),$(kernel_tests) cli clients) || echo "some tests failed"
	$(Q)$(MAKE) O=$(O) KVER=6.12 modules tests
	$(Q)$(vm) -k 6.12 -m 3072 -t 3600 $(LIMIT:%=-t %) -o $(O)/coverage/cluster -- \
		selftests/coverage/run.sh cluster || echo "some tests failed"
	$(Q)selftests/coverage/report.py $(O) $(PUBLISH:%=--publish)

FUZZ_SECONDS ?= 3600

# Counted besides the boot and the end, where what is left has to go.
fuzz: debug-kernel
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=debug modules lib tests
	$(Q)$(vm) -k debug -m 4096 $(MEM:%=-m %) -t $$(($(FUZZ_SECONDS) + 600)) $(LIMIT:%=-t %) \
		-o $(O)/fuzz -- $(O)/selftests/fuzz -t $(FUZZ_SECONDS) $(SEED:%=-s %)

check-cluster:
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=$(VM_KVER) all tests
	$(Q)selftests/cluster/long/check.sh $(VM_KVER)

ROUNDS ?= 200

check-oracle:
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=$(VM_KVER) all tests
	$(Q)$(vm) -t $$((300 + 60 * $(ROUNDS))) $(LIMIT:%=-t %) -o $(O)/oracle -- \
		selftests/cluster/oracle.py --rounds $(ROUNDS) $(SEED:%=--seed %)

SOAK_SECONDS ?= 3600

# Counted besides the boot, and what it takes until all agree in the last round.
soak:
	$(deps) build vm check
	$(Q)$(MAKE) O=$(O) KVER=$(VM_KVER) all tests
	$(Q)selftests/cluster/soak/pauses $(O)/soak \
		$(vm) -t $$(($(SOAK_SECONDS) + 900)) $(LIMIT:%=-t %) -o $(O)/soak -- \
		selftests/cluster/soak/soak.py --seconds $(SOAK_SECONDS) $(SEED:%=--seed %)

SEEDS ?= 100000

sim:
	$(deps) build
	$(Q)$(MAKE) $(S) -C userspace/pgnld/sim O=$(O) SEEDS=$(SEEDS) $(SEED:%=SEED=%) sim
scale:
	$(deps) build
	$(Q)$(MAKE) $(S) -C userspace/pgnld/sim O=$(O) $(NODES:%=NODES=%) scale

demo:
	$(deps) build vm demo
	$(Q)$(MAKE) O=$(O) modules lib tools onwire-$(VM_KVER)
	$(Q)$(MAKE) $(S) -C selftests O=$(O) demo
	$(Q)$(vm) -t 900 $(LIMIT:%=-t %) -- selftests/demo/run.sh

bench bench-check:
	$(deps) build vm bench
	$(Q)$(MAKE) O=$(O) module-$(VM_KVER) lib
	$(Q)KVER=$(VM_KVER) selftests/bench/host.sh \
		$(if $(filter %-check,$@),--check $(if $(UPDATE),--update),$(ROWS))

bench-cluster:
	$(deps) build vm bench check
	$(Q)$(MAKE) O=$(O) KVER=$(VM_KVER) modules lib tools tests
	$(Q)KVER=$(VM_KVER) selftests/bench/host.sh --cluster $(ROWS)

shell:
	$(deps) build vm
	$(Q)$(MAKE) O=$(O) modules lib tools
	$(Q)$(vm) -i -o $(O)/shell

vm-run:
	$(if $(value CMD),,$(error usage: make vm-run CMD='COMMAND'))
	$(deps) build vm
	$(Q)$(MAKE) O=$(O) modules lib tools
	$(Q)$(vm) -o $(O)/vm-run -- bash -c "$$CMD"

# ---------------------------------------------------------------------------
## make install               library, header, commands, manuals; PREFIX, DESTDIR
## make modules_install       the module of KVER; INSTALL_MOD_PATH
## make dkms-install          its source for DKMS, which builds it for each kernel
## make deb                   the Debian packages, into build/deb
## make check-deb             install, use and remove them in a clean Debian, in VMs
## make clean
modules_dir = $(INSTALL_MOD_PATH)/lib/modules/$*/updates
dkms_dir = $(DESTDIR)/usr/src/pgnl-$(VERSION)

install: lib tools
	$(Q)$(MAKE) $(S) -C libpgnl O=$(O) install
	$(Q)$(MAKE) $(S) -C userspace O=$(O) install
	$(say) INSTALL modules-load.d/pgnl.conf
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/modules-load.d
	$(Q)echo pgnl >$(DESTDIR)$(PREFIX)/lib/modules-load.d/pgnl.conf
	$(Q)$(if $(DESTDIR),,ldconfig)

modules_install: $(KVERS:%=module-install-%)

module-install-%: module-%
	$(say) INSTALL $(modules_dir)/pgnl.ko
	$(Q)install -D -m 644 $(O)/kmod-$*/pgnl.ko $(modules_dir)/pgnl.ko
	$(Q)[ ! -e $(modules_dir)/../modules.order ] || depmod $(INSTALL_MOD_PATH:%=-b %) $*

dkms-install:
	$(say) INSTALL $(dkms_dir)
	$(Q)install -d $(dkms_dir)/kmod $(dkms_dir)/uapi/linux
	$(Q)install -m 644 Kbuild $(dkms_dir)/
	$(Q)install -m 644 kmod/*.[ch] $(dkms_dir)/kmod/
	$(Q)install -m 644 uapi/linux/*.h $(dkms_dir)/uapi/linux/
	$(Q)sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf.in >$(dkms_dir)/dkms.conf
	$(if $(DESTDIR),,dkms install -m pgnl -v $(VERSION))

deb:
	$(deps) build deb
	$(Q)selftests/deb/build $(O)/deb

check-deb: deb
	$(deps) vm
	$(Q)selftests/deb/root $(O)/deb/root
	$(Q)selftests/deb/host $(O)/deb $(KVER)

clean:
	rm -rf $(O)

help:
	@sed -n 's/^## //p' Makefile

.PHONY: all modules lib tools tests gen check-gen check check-static check-kernels
.PHONY: debug-kernel race-kernel coverage-kernel check-debug check-race coverage
.PHONY: check-cluster check-oracle fuzz soak sim scale deb check-deb
.PHONY: demo bench bench-cluster bench-check shell vm-run install modules_install dkms-install clean help
export CMD
