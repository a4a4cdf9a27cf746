%% SPDX-License-Identifier: Apache-2.0
%% Messages between processes.
-module(bench_messages).
-export([request_raw/1, request_server/1, flood/2, senders/2]).

body() -> <<"sixteen bytes...">>.

%% Nanoseconds of so many requests by send and receive: a reference, the request, the reply.
request_raw(Count) ->
    Server = spawn_link(fun echo/0),
    Start = erlang:monotonic_time(nanosecond),
    ask(Server, body(), Count),
    Spent = erlang:monotonic_time(nanosecond) - Start,
    unlink(Server),
    exit(Server, kill),
    [Spent].

echo() ->
    receive
        {From, Reference, Body} ->
            From ! {Reference, Body},
            echo()
    end.

ask(_, _, 0) ->
    ok;
ask(Server, Body, Count) ->
    Reference = make_ref(),
    Server ! {self(), Reference, Body},
    receive
        {Reference, _} -> ok
    end,
    ask(Server, Body, Count - 1).

%% Nanoseconds of so many requests as OTP makes them: gen_server:call, with its monitor and time-out.
request_server(Count) ->
    {ok, Server} = gen_server:start_link(bench_server, nobody, []),
    Start = erlang:monotonic_time(nanosecond),
    call(Server, body(), Count),
    Spent = erlang:monotonic_time(nanosecond) - Start,
    gen_server:stop(Server),
    [Spent].

call(_, _, 0) ->
    ok;
call(Server, Body, Count) ->
    _ = gen_server:call(Server, Body),
    call(Server, Body, Count - 1).

%% Nanoseconds of so many one-way messages to one process, which acknowledges each window of them; at
%% most two windows are under way.
flood(Count, Window) ->
    Self = self(),
    Start = erlang:monotonic_time(nanosecond),
    Receiver = spawn_link(fun() -> take(Self, Window, Window) end),
    send(Receiver, body(), 2 * Window),
    feed(Receiver, body(), Count div Window - 2, Window),
    acknowledged(2),
    Spent = erlang:monotonic_time(nanosecond) - Start,
    unlink(Receiver),
    exit(Receiver, kill),
    [Spent, Count div Window * Window].

feed(_, _, 0, _) ->
    ok;
feed(Receiver, Body, Windows, Window) ->
    acknowledged(1),
    send(Receiver, Body, Window),
    feed(Receiver, Body, Windows - 1, Window).

acknowledged(0) ->
    ok;
acknowledged(Windows) ->
    receive
        acknowledged -> acknowledged(Windows - 1)
    end.

send(_, _, 0) ->
    ok;
send(Receiver, Body, Count) ->
    Receiver ! {message, Body},
    send(Receiver, Body, Count - 1).

take(Sender, 0, Window) ->
    Sender ! acknowledged,
    take(Sender, Window, Window);
take(Sender, Left, Window) ->
    receive
        {message, _} -> take(Sender, Left - 1, Window)
    end.

%% Nanoseconds until one process has everything that so many others send it, each its part.
senders(Senders, Each) ->
    Self = self(),
    Processes = [
        spawn_link(fun() ->
            receive
                {start, Receiver} -> send(Receiver, body(), Each)
            end
        end)
     || _ <- lists:seq(1, Senders)
    ],
    Start = erlang:monotonic_time(nanosecond),
    Receiver = spawn_link(fun() -> count(Self, Senders * Each) end),
    lists:foreach(fun(Process) -> Process ! {start, Receiver} end, Processes),
    receive
        done -> ok
    end,
    [erlang:monotonic_time(nanosecond) - Start, Senders * Each].

count(Watcher, 0) ->
    Watcher ! done;
count(Watcher, Left) ->
    receive
        {message, _} -> count(Watcher, Left - 1)
    end.
