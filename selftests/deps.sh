#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh GROUP...: install the Debian 12 packages which building (build), VMs
# (vm), testing (check), the other kernels of Debian 12 (kernels), the debug kernel
# (debug), the demo (demo), the bench (bench) and packaging (deb) need and which are
# not here yet. Services that come with them are neither started nor enabled.
set -eu

packages() {
	case $1 in
	build) echo make gcc libc6-dev pkg-config libcap-ng-dev libcbor-dev libevent-dev \
		libinih-dev libjansson-dev libmnl-dev libsmartcols-dev nettle-dev uthash-dev \
		linux-headers-amd64 linux-headers-6.12-amd64 ;;
	vm) echo qemu-system-x86 busybox-static cpio kmod iproute2 procps xz-utils \
		linux-image-amd64 linux-image-6.12-amd64 ;;
	check) echo bats clang coccinelle codespell conmon cppcheck crun curl erlang-base g++ graphviz jq libclang-rt-14-dev \
		libnl-3-dev libnl-genl-3-dev libnl-utils linux-source-6.12 mandoc netavark nginx perl podman prometheus-node-exporter python3-jsonschema \
		python3-yaml runc shellcheck sparse tcpdump uidmap xz-utils yamllint ;;
	kernels) echo linux-headers-rt-amd64 linux-headers-cloud-amd64 linux-headers-6.12-rt-amd64 \
		linux-headers-6.12-cloud-amd64 linux-image-rt-amd64 linux-image-6.12-rt-amd64 ;;
	demo) echo apache2-bin curl jq linux-source-6.12 nginx xz-utils ;;
	debug) echo bc bison flex libelf-dev linux-source-6.12 xz-utils ;;
	deb) echo abigail-tools build-essential debhelper debootstrap dh-dkms fakeroot lintian ;;
	bench) echo erlang-base python3 ;;
	*) echo "deps.sh: no such group: $1" >&2 && exit 2 ;;
	esac
}

missing() {
	local name
	for name; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
			echo "$name"
	done
}

enabled_services() {
	find /etc/systemd/system -name '*.service' -type l 2>/dev/null | sort
}

names=$(for group; do packages "$group" || exit; done)
# shellcheck disable=SC2086 # a list of names
list=$(missing $names | sort -u | tr '\n' ' ')
[ "$list" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "These packages are missing; install them as root: apt-get install $list" >&2
	exit 1
fi
echo "Installing the Debian packages: $list"

# Debian asks this file before it starts a service.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
fi

export DEBIAN_FRONTEND=noninteractive
before=$(enabled_services)
apt-get -q update
# shellcheck disable=SC2086
apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends $list
comm -13 <(echo "$before") <(enabled_services) | while read -r link; do
	DPKG_MAINTSCRIPT_PACKAGE=pgnl deb-systemd-helper disable "$(basename "$link")"
done
