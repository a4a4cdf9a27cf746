%% SPDX-License-Identifier: Apache-2.0
%% A supervisor of one child that crashes and is started again.
-module(bench_supervisor).
-behaviour(supervisor).
-export([restart/2, init/1]).

%% Nanoseconds of so many cycles of crash and restart. OTP's supervisor remembers each restart of the
%% last second and goes through them at each, so a new one is made after so many lives.
restart(Count, Lives) ->
    process_flag(trap_exit, true),
    Start = erlang:monotonic_time(nanosecond),
    supervise(Count, Lives),
    [erlang:monotonic_time(nanosecond) - Start].

supervise(Count, _) when Count =< 0 ->
    ok;
supervise(Count, Lives) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, self()),
    cycle(min(Count, Lives)),
    exit(Supervisor, shutdown),
    receive
        {'EXIT', Supervisor, _} -> ok
    end,
    supervise(Count - Lives, Lives).

cycle(Lives) ->
    receive
        {up, _} when Lives =:= 0 ->
            ok;
        {up, Child} ->
            gen_server:cast(Child, crash),
            cycle(Lives - 1)
    end.

init(Watcher) ->
    Child = #{id => child, start => {bench_server, start_link, [Watcher]}},
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, [Child]}}.
