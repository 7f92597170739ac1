%% SPDX-License-Identifier: GPL-2.0-or-later
%% The counterpart of worker.c for Erlang's pg: reads one command a line on
%% stdin and answers each with one line of nanoseconds.
-module(pg_worker).
-export([main/0]).

main() ->
    {ok, _} = pg:start_link(),
    loop({}).

loop(Pool) ->
    case io:get_line("") of
        Line when is_list(Line) ->
            [Command | Args] = string:lexemes(Line, " \n"),
            {Time, Next} = run(Command, Args, Pool),
            io:format("~b~n", [Time]),
            loop(Next);
        eof ->
            halt(0)
    end.

run("spawn", [N], Pool) ->
    {Time, New} = timed(fun() -> [spawn(fun rest/0) || _ <- lists:seq(1, int(N))] end),
    {Time, list_to_tuple(tuple_to_list(Pool) ++ New)};
run("fill", [Prefix, From, To, N], Pool) ->
    Pids = [element(I, Pool) || I <- lists:seq(1, int(N))],
    {Time, _} = timed(fun() -> [ok = pg:join(group(Prefix, G), Pids)
                                || G <- lists:seq(int(From), int(To) - 1)] end),
    {Time, Pool};
run("join-any", Range, Pool) ->
    {one_by_one(fun pg:join/2, pairs_of_any(Range, Pool)), Pool};
run("leave-any", Range, Pool) ->
    {one_by_one(fun pg:leave/2, pairs_of_any(Range, Pool)), Pool};
run("join", Range, Pool) ->
    {one_by_one(fun pg:join/2, pairs(Range, Pool)), Pool};
run("leave", Range, Pool) ->
    {one_by_one(fun pg:leave/2, pairs(Range, Pool)), Pool};
run("join-batch", Range, Pool) ->
    {whole(fun pg:join/2, Range, Pool), Pool};
run("leave-batch", Range, Pool) ->
    {whole(fun pg:leave/2, Range, Pool), Pool};
run("get", [Group, N], Pool) ->
    Key = list_to_binary(Group),
    {Time, _} = timed(fun() -> get(Key, int(N)) end),
    {Time, Pool};
run("get-any", Range, Pool) ->
    Keys = any_of(Range),
    {Time, _} = timed(fun() -> [[_ | _] = pg:get_members(Key) || Key <- Keys] end),
    {Time, Pool};
run("pick", [Group, N], Pool) ->
    Key = list_to_binary(Group),
    {Time, _} = timed(fun() -> pick(Key, int(N)) end),
    {Time, Pool};
run("memory", [], Pool) ->
    [erlang:garbage_collect(P) || P <- [whereis(pg), self()]],
    {erlang:memory(total), Pool};
run("memberships", [], Pool) ->
    {lists:sum([length(pg:get_members(G)) || G <- pg:which_groups()]), Pool};
run("end", [], Pool) ->
    {Time, _} = timed(fun() -> finish(tuple_to_list(Pool)) end),
    {Time, {}}.

rest() ->
    receive stop -> ok end.

timed(Fun) ->
    Start = erlang:monotonic_time(nanosecond),
    Result = Fun(),
    {erlang:monotonic_time(nanosecond) - Start, Result}.

%% Each process of the range with the group that is its.
pairs([Prefix, Groups, From, N], Pool) ->
    [{group(Prefix, I rem int(Groups)), element(I + 1, Pool)}
     || I <- lists:seq(int(From), int(From) + int(N) - 1)].

%% For each process a group, out of many and not in their order; worker.c's rule.
any_of([Prefix, Groups, From, N]) ->
    [group(Prefix, I * 7919 rem int(Groups)) || I <- lists:seq(int(From), int(From) + int(N) - 1)].

pairs_of_any([_, _, From, _] = Range, Pool) ->
    Keys = any_of(Range),
    lists:zip(Keys, [element(I + 1, Pool) || I <- lists:seq(int(From), int(From) + length(Keys) - 1)]).

one_by_one(Fun, Pairs) ->
    {Time, _} = timed(fun() -> [ok = Fun(G, P) || {G, P} <- Pairs] end),
    Time.

%% All processes of the range into one group by one call.
whole(Fun, [Prefix, "1", _, _] = Range, Pool) ->
    Pids = [P || {_, P} <- pairs(Range, Pool)],
    Group = group(Prefix, 0),
    {Time, ok} = timed(fun() -> Fun(Group, Pids) end),
    Time.

get(_, 0) ->
    ok;
get(Key, N) ->
    [_ | _] = pg:get_members(Key),
    get(Key, N - 1).

%% pg has no pick: a user takes one of the list.
pick(_, 0) ->
    ok;
pick(Key, N) ->
    Members = pg:get_members(Key),
    true = is_pid(lists:nth(rand:uniform(length(Members)), Members)),
    pick(Key, N - 1).

%% Until pg itself has seen the end of the last one.
finish(Pids) ->
    [P ! stop || P <- Pids],
    wait_empty().

wait_empty() ->
    case pg:which_groups() of
        [] -> ok;
        _ -> erlang:yield(), wait_empty()
    end.

group(Prefix, I) ->
    list_to_binary(Prefix ++ integer_to_list(I)).

int(String) ->
    list_to_integer(String).
