%% SPDX-License-Identifier: Apache-2.0
%% A server that answers what it is asked, tells a watcher when it starts, and crashes when told.
-module(bench_server).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2]).

start_link(Watcher) -> gen_server:start_link(?MODULE, Watcher, []).

init(nobody) ->
    {ok, nobody};
init(Watcher) ->
    Watcher ! {up, self()},
    {ok, Watcher}.

handle_call(Body, _From, State) -> {reply, Body, State}.

handle_cast(crash, _State) -> exit(crashed).
