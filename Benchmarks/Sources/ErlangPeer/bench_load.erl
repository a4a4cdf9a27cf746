%% SPDX-License-Identifier: Apache-2.0
%% How soon something is answered while the machine is full.
-module(bench_load).
-export([fairness/2, query/2]).

%% Nanoseconds of each of so many requests to a process while others loop for ever: from 2 ms after the
%% one before, when it is due, to its answer.
fairness(Loops, Count) ->
    Pinged = spawn_link(fun pinged/0),
    under_load(Loops, fun() ->
        [
            begin
                Due = erlang:monotonic_time(nanosecond) + 2000000,
                timer:sleep(2),
                Reference = make_ref(),
                Pinged ! {self(), Reference},
                receive
                    Reference -> ok
                end,
                erlang:monotonic_time(nanosecond) - Due
            end
         || _ <- lists:seq(1, Count)
        ]
    end).

pinged() ->
    receive
        {From, Reference} ->
            From ! Reference,
            pinged()
    end.

%% Nanoseconds of each of so many looks at one of many processes that loop for ever, by one of high
%% priority.
query(Busy, Count) ->
    process_flag(priority, high),
    under_load(Busy, fun(Processes) ->
        All = list_to_tuple(Processes),
        [
            begin
                timer:sleep(2),
                Process = element(Number rem Busy + 1, All),
                timed(fun() ->
                    [_, _, _] = process_info(Process, [status, message_queue_len, memory])
                end)
            end
         || Number <- lists:seq(1, Count)
        ]
    end).

under_load(Count, Body) ->
    Processes = [spawn_link(fun spin/0) || _ <- lists:seq(1, Count)],
    Samples =
        case Body of
            _ when is_function(Body, 0) -> Body();
            _ -> Body(Processes)
        end,
    lists:foreach(
        fun(Process) ->
            unlink(Process),
            exit(Process, kill)
        end,
        Processes
    ),
    Samples.

spin() -> spin().

timed(Body) ->
    Start = erlang:monotonic_time(nanosecond),
    Body(),
    erlang:monotonic_time(nanosecond) - Start.
