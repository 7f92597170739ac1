%% SPDX-License-Identifier: GPL-2.0-or-later
%% The counterpart of worker.c for Erlang's pg: one command a line, one line of
%% answer. Besides, as the links of these nodes are made by hand:
%%
%% connect NODE...   "ok" or "no": to each of these
%% nodes             those that are connected
%% sync              "ok" when global knows the names of all of them
-module(pg_node).
-export([main/0]).

-define(PATIENCE, 120000).

main() ->
    {ok, _} = pg:start_link(),
    loop({}).

loop(Pool) ->
    case io:get_line("") of
        Line when is_list(Line) ->
            [Command | Args] = string:lexemes(Line, " \n"),
            {Answer, Next} = run(Command, Args, Pool),
            io:format("~ts~n", [lists:join(" ", [text(A) || A <- Answer])]),
            loop(Next);
        eof ->
            halt(0)
    end.

text(Time) when is_integer(Time) -> integer_to_list(Time);
text(Word) when is_atom(Word) -> atom_to_list(Word);
text(Text) -> Text.

run("spawn", [N], Pool) ->
    New = [spawn(fun rest/0) || _ <- lists:seq(1, int(N))],
    {[serial(P) || P <- New], list_to_tuple(tuple_to_list(Pool) ++ New)};
run("join", [Group | Slots], Pool) ->
    {[pg:join(Group, pids(Slots, Pool))], Pool};
run("leave", [Group | Slots], Pool) ->
    {[pg:leave(Group, pids(Slots, Pool))], Pool};
run("kill", Slots, Pool) ->
    lists:foreach(fun finish/1, pids(Slots, Pool)),
    {[ok], Pool};
run("groups", [], Pool) ->
    {pg:which_groups(), Pool};
run("view", [], Pool) ->
    {[row(G, P, length([x || Q <- All, Q =:= P]))
      || G <- pg:which_groups(), All <- [pg:get_members(G)], P <- lists:usort(All)], Pool};
run("listen", Group, Pool) ->
    [pg:demonitor(Ref) || {pg, Ref} <- get()],
    net_kernel:monitor_nodes(false),
    forget(),
    {Ref, _} = case Group of [] -> pg:monitor_scope(); [G] -> pg:monitor(G) end,
    put(pg, Ref),
    ok = net_kernel:monitor_nodes(true),
    {[ok], Pool};
run("heard", [Group, N], Pool) ->
    {hear(join, Group, int(N)), Pool};
run("gone", [Group, N], Pool) ->
    {hear(leave, Group, int(N)), Pool};
run("paced", [Group, From, N, Usec], Pool) ->
    {[paced(Group, P, int(Usec)) || P <- range(From, N, Pool)], Pool};
run("batch", [Group, From, N], Pool) ->
    Pids = range(From, N, Pool),
    Start = now_ns(),
    ok = pg:join(Group, Pids),
    {[Start], Pool};
run("clear", [Group, From, N], Pool) ->
    {[pg:leave(Group, range(From, N, Pool))], Pool};
run("fill", [Prefix, Groups, From, N], Pool) ->
    Pids = range(From, N, Pool),
    [ok = pg:join(Prefix ++ integer_to_list(G), Pids) || G <- lists:seq(0, int(Groups) - 1)],
    {[ok], Pool};
run("down", [Node], Pool) ->
    {[hear_of_node(nodedown, atom(Node))], Pool};
run("up", [Node], Pool) ->
    {[hear_of_node(nodeup, atom(Node))], Pool};
run("until", [N], Pool) ->
    {[until(int(N), now_ns() + ?PATIENCE * 1000000)], Pool};
run("name", [Prefix, From, N], Pool) ->
    Start = now_ns(),
    lists:foldl(fun(P, I) -> yes = global:register_name({Prefix, I}, P), I + 1 end, 0,
                range(From, N, Pool)),
    {[Start, now_ns()], Pool};
run("unname", [Prefix, N], Pool) ->
    [global:unregister_name({Prefix, I}) || I <- lists:seq(0, int(N) - 1)],
    {[ok], Pool};
run("sync", [], Pool) ->
    {[global:sync()], Pool};
run("connect", Nodes, Pool) ->
    Answers = [net_kernel:connect_node(atom(N)) || N <- Nodes],
    {[case lists:usort([true | Answers]) of [true] -> ok; _ -> no end], Pool};
run("nodes", [], Pool) ->
    {nodes(), Pool}.

rest() ->
    receive stop -> ok end.

%% The same on every node, as what comes before it is not.
serial(Pid) ->
    [_ | Serial] = string:split(pid_to_list(Pid), "."),
    lists:droplast(lists:flatten(Serial)).

row(Group, Pid, Count) ->
    io_lib:format("~s/~s/~s/~b", [Group, node(Pid), serial(Pid), Count]).

%% Until pg itself has been told, too, as it monitors its members.
finish(Pid) ->
    Ref = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Ref, process, Pid, _} -> ok end,
    sys:get_state(pg).

hear(_, _, N) when N =< 0 ->
    [];
hear(What, Group, N) ->
    receive
        {_, What, Group, Pids} ->
            Time = now_ns(),
            [Time || _ <- Pids] ++ hear(What, Group, N - length(Pids))
    after ?PATIENCE ->
        halt(1)
    end.

paced(Group, Pid, Usec) ->
    Start = now_ns(),
    ok = pg:join(Group, Pid),
    Usec > 0 andalso timer:sleep(Usec div 1000),
    Start.

hear_of_node(What, Node) ->
    receive {What, Node} -> now_ns() after ?PATIENCE -> halt(1) end.

forget() ->
    receive {_, _} -> forget() after 0 -> ok end.

%% Groups, as memberships would have to be counted one by one.
until(N, Limit) ->
    case ets:info(pg, size) of
        N -> now_ns();
        _ -> now_ns() > Limit andalso halt(1), timer:sleep(1), until(N, Limit)
    end.

now_ns() ->
    os:system_time(nanosecond).

pids(Slots, Pool) ->
    [element(int(S) + 1, Pool) || S <- Slots].

range(From, N, Pool) ->
    [element(I, Pool) || I <- lists:seq(int(From) + 1, int(From) + int(N))].

atom(String) ->
    list_to_atom(String).

int(String) ->
    list_to_integer(String).
