/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What 'dump' writes and 'restore' reads:
 *
 * { "pgnl": 1, "boot": UUID, "epoch": STRING, "node": STRING, "scopes": [
 *   { "scope", "mode", "cluster", "owner", "gid", "perm",
 *     "groups": [ { "group", "owner", "gid", "perm" } ],   created ones
 *     "members": [ { "group", "pid", "start", "count", "weight", "meta",
 *                    "resolve" } ] } ] }                     that of a name
 *
 * A reader takes no offence at keys it does not know.
 */
#ifndef DUMP_H
#define DUMP_H

#define DUMP_FORMAT 1

#endif
