/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which created groups may be told to other nodes: those that all may read. Elsewhere
 * a group has no mode, so what is private here would be open there.
 *
 * The mode of a group does not change, so it is asked for once. Who creates it anew or
 * deletes it is told of by events: after these it is to be forgotten.
 */
#ifndef SHOWN_H
#define SHOWN_H

#include <pgnl.h>
#include <stdbool.h>

/* What is known of the groups of a scope; NULL: nothing. */
struct shown;

/* 1: it may be told; 0: not; -errno: not known, to be asked again. */
int shown_ask(struct shown **known, struct pgnl *handle, const char *scope, const char *group);
/* What a listing says of a group. Returns whether it may be told. */
bool shown_note(struct shown **known, const struct pgnl_group *group);
void shown_forget(struct shown **known, const char *group);
void shown_clear(struct shown **known);

#endif
