%% SPDX-License-Identifier: Apache-2.0
%% Programs of the operating system as ports.
-module(bench_programs).
-export([short/1, lines/1]).

%% So many programs that do nothing, one after the other.
short(Count) ->
    timed(fun() ->
        [ok = drain(open("/bin/true", [], []), 0, 0) || _ <- lists:seq(1, Count)]
    end).

%% So many lines, one message each.
lines(Count) ->
    timed(fun() ->
        ok = drain(open("/usr/bin/seq", [integer_to_list(Count)], [{line, 8192}]), 0, Count)
    end).

open(Program, Arguments, Options) ->
    open_port({spawn_executable, Program}, [
        {args, Arguments}, binary, use_stdio, exit_status | Options
    ]).

%% Until the exit, which may come before the last output.
drain(_, Total, Total) when Total > 0 -> ok;
drain(Port, Total, Wanted) ->
    receive
        {Port, {data, {eol, _}}} -> drain(Port, Total + 1, Wanted);
        {Port, {exit_status, 0}} when Wanted =:= 0 -> ok;
        {Port, {exit_status, 0}} -> drain(Port, Total, Wanted)
    end.

timed(Work) ->
    Start = erlang:monotonic_time(nanosecond),
    Work(),
    [erlang:monotonic_time(nanosecond) - Start].
