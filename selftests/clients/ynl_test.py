#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The kernel's own YNL library drives the family from the spec alone: what the
spec says is what the module does. Prints TAP.
"""

import errno
import os
import signal
import subprocess
import sys

import tap

TOP = os.environ.get("PGNL_TOP") or os.path.join(os.path.dirname(__file__), "../..")
YNL = os.path.join(TOP, "build/linux/tools/net/ynl")
SPEC = os.path.join(TOP, "uapi/netlink/specs/pgnl.yaml")


def sleeper():
    return subprocess.Popen(["sleep", "infinity"])


def end(process):
    process.kill()
    assert process.wait() == -signal.SIGKILL


def refused(call, *args):
    """The error that a refused request raises."""
    try:
        answer = call(*args)
    except NlError as error:
        return error
    raise AssertionError(f"not refused: {answer}")


def rows(answer):
    """The members of a dump, each with its scope and group."""
    return [dict(member, scope=message["scope"], group=message["group"])
            for message in answer for member in message.get("member", [])]


def test_info_limits_stats_and_verdict_are_told(ynl):
    info = ynl.do("info-get", {})
    assert info["abi"] == 1 and info["release"] and info["node"] and info["epoch"] > 0, info
    answer = ynl.do("limit-get", {})
    assert answer["usage"]["net-scopes"] == 3, answer
    assert answer["limits"].keys() == answer["usage"].keys() >= {
        "user-groups", "user-memberships", "net-scopes", "net-groups", "net-memberships"}
    stats = ynl.do("stats-get", {})["stats"]
    assert stats["scopes"] == 3 and stats["memberships"] == 0, stats
    assert "verdict" not in (ynl.do("verify", {}) or {})


def test_join_list_and_leave(ynl):
    process = sleeper()
    pid = process.pid
    joined = ynl.do("member-join", {"group": ["a", "b"], "pid": [pid], "times": 2,
                                    "weight": 7, "meta": b"hi".hex()})
    assert joined["counts"] == [2, 2], joined
    assert len(joined["ids"]) == 2 and joined["ids"][0] == joined["ids"][1], joined
    row = {"id": joined["ids"][0], "pid": pid, "count": 2, "uid": 0, "weight": 7,
           "state": 0, "pad": 0}

    listed = rows(ynl.dump("member-get", {}))
    assert sorted(m["group"] for m in listed) == [["a"], ["b"]], listed
    assert all(m["scope"] == "pg" and m["row"] == row for m in listed), listed
    assert all(bytes(m["meta"]) == b"hi" or m["meta"] == b"hi".hex() for m in listed), listed
    assert ynl.do("member-get", {"group": ["a"]})["member"][0]["row"] == row

    told = ynl.do("process-get", {"pid": [pid]})
    assert told["id"] in ([row["id"]], row["id"]), told
    assert len(rows(ynl.dump("process-get", {"pid": [pid]}))) == 2
    groups = ynl.dump("group-get", {})
    assert sorted(g["group"][0] for g in groups) == ["a", "b"], groups
    assert all((g["local"], g["remote"]) == (2, 0) for g in groups), groups
    picked = ynl.do("member-pick", {"group": ["a"], "policy": "key", "key": b"k".hex()})
    assert picked["member"][0]["row"] == row, picked

    left = ynl.do("member-leave", {"group": ["a", "b"], "pid": [pid], "all": True})
    assert left["removed"] == 4 and left["counts"] == [0, 0], left
    answer = ynl.do("member-get", {"group": ["a"]})
    assert "no-group" in answer and "member" not in answer, answer
    assert ynl.dump("group-get", {}) == []
    end(process)


def test_scopes_and_created_groups(ynl):
    ynl.do("scope-new", {"scope": "s", "mode": "pg2", "flags": {"cluster"}, "owner": 1000,
                         "owner-gid": 2000, "perm": 0o750})
    expected = {"scope": "s", "mode": "pg2", "flags": {"cluster"}, "owner": 1000,
                "owner-gid": 2000, "perm": 0o750, "groups": 0, "members": 0}
    assert ynl.do("scope-get", {"scope": "s"}) == expected
    assert sorted(s["scope"] for s in ynl.dump("scope-get", {})) == ["global", "pg", "pg2", "s"]
    ynl.do("scope-set", {"scope": "s", "perm": 0o700})
    assert ynl.do("scope-get", {"scope": "s"}) == dict(expected, perm=0o700)
    ynl.do("group-new", {"scope": "s", "group": ["g"], "perm": 0o770})
    assert ynl.do("group-get", {"scope": "s", "group": ["g"]}) == {
        "scope": "s", "group": ["g"], "local": 0, "remote": 0, "owner": 0, "owner-gid": 0,
        "perm": 0o770}
    assert "no-group" in ynl.do("group-del", {"scope": "s", "group": ["missing"]})
    ynl.do("group-del", {"scope": "s", "group": ["g"]})
    ynl.do("limit-set", {"limits": {"net-scopes": 4}})
    assert ynl.do("limit-get", {})["limits"]["net-scopes"] == 4
    assert refused(ynl.do, "scope-new", {"scope": "t"}).error == errno.EDQUOT
    ynl.do("scope-del", {"scope": "s"})
    assert len(ynl.dump("scope-get", {})) == 3


def test_names(ynl):
    process, other = sleeper(), sleeper()
    told = ynl.do("name-register", {"group": ["n"], "pid": [process.pid], "resolve": "notify-all"})
    member = told["member"][0]
    assert member["row"]["pid"] == process.pid and member["registration"]["resolve"] == 3, told
    assert ynl.do("name-get", {"group": ["n"]})["member"] == [member]
    error = refused(ynl.do, "name-register", {"group": ["n"], "pid": [other.pid]})
    assert error.error == errno.EEXIST and error.nl_msg.extack["bad-attr"] == ".group", error
    told = ynl.do("name-register", {"group": ["n"], "pid": [other.pid], "replace": True})
    assert told["holder"] == member, told
    assert told["member"][0]["registration"]["fence"] > member["registration"]["fence"], told
    listed = ynl.dump("name-get", {})
    assert [(n["scope"], n["group"], n["member"]) for n in listed] == [
        ("global", ["n"], told["member"])], listed
    assert ynl.do("name-unregister", {"group": ["n"]})["holder"] == told["member"][0]
    assert "no-group" in ynl.do("name-unregister", {"group": ["n"]})
    end(process)
    end(other)


def test_errors_say_what_is_wrong_and_where(ynl):
    cases = [
        (errno.ESRCH, ".pid", "member-join", {"group": ["g"], "pid": [os.getpid(), 4194304]}),
        (errno.ENOENT, ".scope", "member-get", {"scope": "nowhere", "group": ["g"]}),
        (errno.ENOENT, ".group", "member-join", {"scope": "pg2", "group": ["g"],
                                                 "pid": [os.getpid()]}),
        (errno.EBUSY, ".scope", "scope-del", {"scope": "pg"}),
        (errno.EEXIST, ".scope", "scope-new", {"scope": "pg2"}),
    ]
    for code, attr, operation, request in cases:
        error = refused(ynl.do, operation, request)
        assert error.error == code, f"{operation}: {error}"
        assert error.nl_msg.extack["msg"], operation
        assert error.nl_msg.extack["bad-attr"] == attr, f"{operation}: {error}"


def test_a_reaped_process_is_gone(ynl):
    process, other = sleeper(), sleeper()
    ynl.do("member-join", {"group": ["g"], "pid": [process.pid, other.pid]})
    end(process)
    assert [m["row"]["pid"] for m in rows(ynl.dump("member-get", {"group": ["g"]}))] == [other.pid]
    end(other)
    assert ynl.dump("member-get", {"group": ["g"]}) == []
    assert refused(ynl.do, "process-get", {"pid": [process.pid]}).error == errno.ESRCH


def test_long_dumps_are_whole(ynl):
    process = sleeper()
    names = [f"{i}-{'x' * 200}" for i in range(1500)]
    for i in range(0, len(names), 250):
        ynl.do("member-join", {"group": names[i:i + 250], "pid": [process.pid]})
    assert sorted(g["group"][0] for g in ynl.dump("group-get", {})) == sorted(names)
    assert sorted(m["group"][0] for m in rows(ynl.dump("member-get", {}))) == sorted(names)
    end(process)
    assert ynl.dump("group-get", {}) == []


if __name__ == "__main__":
    try:
        sys.path.insert(0, YNL)
        from lib import NlError, YnlFamily
    except ImportError as missing:
        print(f"1..0 # SKIP {missing} (build/linux, python3-yaml, python3-jsonschema)")
        sys.exit(0)
    # cli.py validates the spec by its schema, "make check-gen" as well.
    sys.exit(tap.run(globals(), lambda test: test(YnlFamily(SPEC, schema=""))))
