%% SPDX-License-Identifier: Apache-2.0
%% The Erlang side of the benchmarks. A line of input names a workload and its numbers; the answer is
%% one line: the nanoseconds of that round first, or `error` and why.
-module(bench_commands).
-export([main/0]).

main() ->
    ok = logger:set_primary_config(level, none),
    io:format("ready OTP ~s ~s~n", [
        erlang:system_info(otp_release), erlang:system_info(emu_flavor)
    ]),
    serve().

serve() ->
    case io:get_line("") of
        eof ->
            halt(0);
        {error, _} ->
            halt(1);
        Line ->
            [Name | Numbers] = string:lexemes(Line, " \n"),
            answer(run(list_to_existing_atom(Name), [list_to_integer(N) || N <- Numbers])),
            serve()
    end.

answer({ok, Numbers}) ->
    io:put_chars([lists:join($\s, [integer_to_list(N) || N <- Numbers]), $\n]);
answer({error, Reason}) ->
    io:format("error ~0p~n", [Reason]).

%% Each round runs in a process of its own, whose heap is gone afterwards.
run(Name, Numbers) ->
    Self = self(),
    {Round, Monitor} = spawn_monitor(fun() -> Self ! {self(), workload(Name, Numbers)} end),
    receive
        {Round, Result} ->
            demonitor(Monitor, [flush]),
            {ok, Result};
        {'DOWN', Monitor, process, Round, Reason} ->
            {error, Reason}
    end.

workload(request_raw, [Count]) -> bench_messages:request_raw(Count);
workload(request_server, [Count]) -> bench_messages:request_server(Count);
workload(flood, [Count, Window]) -> bench_messages:flood(Count, Window);
workload(senders, [Senders, Each]) -> bench_messages:senders(Senders, Each);
workload(short, [Count]) -> bench_programs:short(Count);
workload(lines, [Count]) -> bench_programs:lines(Count);
workload(restart, [Count, Lives]) -> bench_supervisor:restart(Count, Lives);
workload(fairness, [Loops, Count]) -> bench_load:fairness(Loops, Count);
workload(query, [Busy, Count]) -> bench_load:query(Busy, Count).
