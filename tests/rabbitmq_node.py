"""A RabbitMQ node of the tests' own, from Debian's package: to start, break and remove.

It shares nothing with other nodes of the machine: ports (also of Erlang's port mapper), directories and cookie are its
own, it listens on the loopback only, and every process it starts is ended by its id.

Whatever `rabbitmqctl` does in two seconds, `erl_call` (a part of Erlang) does in three milliseconds: it hands the node
an expression to evaluate.
"""

import contextlib
import json
import os
import secrets
import shlex
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from free_ports import free_ports
from server_process import ServerProcess

LAUNCHER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # that in the PATH changes the user
ANSWERS_WITHIN = 15
NAME = "focus-test@localhost"
MEMORY_LIMIT = 0.4  # of the machine's memory; RabbitMQ's default
# A function from what a client says of itself to the name that it gives itself.
NAME_OF = """fun(Said) -> case is_list(Said) andalso lists:keyfind(<<"connection_name">>, 1, Said) of
    {_, _, Given} -> Given; false -> null end end"""


def binary(text):
    """A string as Erlang writes a binary."""
    return "<<" + json.dumps(text, ensure_ascii=True) + ">>"


class RabbitMqNode(ServerProcess):
    """A running node with one user, `focus`, and one virtual host, `focus`."""

    user = "focus"
    vhost = "focus"

    def __init__(self, directory):
        directory = Path(directory)
        self.password = secrets.token_hex(8)
        self._cookie = secrets.token_hex(16)
        self.port = free_ports(3)
        self._distribution_port, self._epmd_port = self.port + 1, self.port + 2
        self._epmd = None
        super().__init__(directory, [LAUNCHER], self._isolated(directory))
        self._write_configuration()
        self.start()

    def url(self, port=None, user=None, password=None, vhost=None):
        """Where clients find it, or where they would through a proxy on another port."""
        user, password, vhost = user or self.user, password or self.password, vhost or self.vhost
        return f"amqp://{user}:{password}@127.0.0.1:{port or self.port}/{quote(vhost, safe='')}"

    def _write_configuration(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(self._cookie)
        cookie.chmod(0o400)
        (self.directory / "rabbitmq.conf").write_text(
            f"""
            listeners.tcp.1 = 127.0.0.1:{self.port}
            default_user = {self.user}
            default_pass = {self.password}
            default_vhost = {self.vhost}
            loopback_users = none
            disk_free_limit.absolute = 1MB
            log.file = false
            log.console = true
            """
        )

    def _isolated(self, directory):
        """Everything that could lead a node to the machine's own files and ports."""
        own = {name: str(directory / name.lower()) for name in (
            "RABBITMQ_MNESIA_BASE",
            "RABBITMQ_LOG_BASE",
            "RABBITMQ_GENERATED_CONFIG_DIR",
            "RABBITMQ_ADVANCED_CONFIG_FILE",
            "RABBITMQ_ENABLED_PLUGINS_FILE",
            "RABBITMQ_CONF_ENV_FILE",
            "RABBITMQ_PID_FILE",
        )}
        return own | {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_BYTES": "0",
            "RABBITMQ_NODENAME": NAME,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +SDio 2 -kernel inet_dist_use_interface {127,0,0,1}",
            # The script then becomes the node instead of watching over it: one process fewer to end.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    # Its life

    def start(self):
        """Starts it and waits until it serves; what it stored before is still there."""
        if self._epmd is None:
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        super().start()

    def serves(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            # It listens a moment before it has finished starting, and could not yet be stopped.
            return self.evaluate("rabbit:is_running() andalso whereis(rabbit_boot) =:= undefined")
        return False

    def stop(self):
        super().stop()
        if self._epmd:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None

    def restart(self, while_down=lambda: None):
        """The broker stops in good order, closing all connections, and starts again, in about a second and a half.

        The Erlang process stays, which saves most of a cold start."""
        self.evaluate("rabbit:stop()")
        while_down()
        self.evaluate("rabbit:start()")
        self.wait_until_it_serves()

    # What is done to it from inside

    def evaluate(self, expression):
        """The value of an Erlang expression in the node; of a map or list of maps, as JSON would have it."""
        # The answer is printed as it is when it is a list of characters, so that JSON survives.
        wrapped = f"""
            case ({expression}) of
                ok -> "null";
                Value -> binary_to_list(rabbit_json:encode(Value))
            end.
        """
        done = subprocess.run(
            ["erl_call", "-address", f"127.0.0.1:{self._distribution_port}", "-timeout", str(ANSWERS_WITHIN), "-e"],
            input=wrapped,
            text=True,
            capture_output=True,
            env=self._environment,
            timeout=2 * ANSWERS_WITHIN,
        )
        answer = done.stdout.strip()
        if not answer.startswith('{ok, "'):
            raise RuntimeError(f"RabbitMQ evaluates {expression!r} to {answer}{done.stderr}")
        return json.loads(answer.removeprefix('{ok, "').removesuffix('"}'))

    @contextlib.contextmanager
    def memory_alarm(self):
        """It is out of memory: it accepts connections, and lets nobody publish (`connection.blocked`)."""
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.0)")
        # Asked after the alarm was given, it answers when all connections have been told.
        assert self.evaluate("rabbit_alarm:get_alarms() =/= []")
        try:
            yield
        finally:
            self.evaluate(f"vm_memory_monitor:set_vm_memory_high_watermark({MEMORY_LIMIT})")

    @contextlib.contextmanager
    def another_password(self):
        """The user's password is another one, and whoever was connected no longer is."""
        self._set_password(secrets.token_hex(8))
        self.close_connections()
        try:
            yield
        finally:
            self._set_password(self.password)

    def _set_password(self, password):
        change = f"{binary(self.user)}, {binary(password)}, {binary('test')}"
        self.evaluate(f"rabbit_auth_backend_internal:change_password({change})")

    @contextlib.contextmanager
    def without_vhost(self):
        """The virtual host is gone with all in it; afterwards it is there again, empty."""
        self.evaluate(f"rabbit_vhost:delete({binary(self.vhost)}, {binary('test')})")
        try:
            yield
        finally:
            self.evaluate(f"rabbit_vhost:add({binary(self.vhost)}, {binary('test')})")
            permissions = ", ".join(map(binary, (self.user, self.vhost, ".*", ".*", ".*", "test")))
            self.evaluate(f"rabbit_auth_backend_internal:set_permissions({permissions})")

    def close_connections(self):
        """Closes all client connections as an operator would."""
        self.evaluate('rabbit_networking:close_connections(rabbit_networking:connections(), "test")')

    # What is in it

    def queues(self):
        """A list of `{"name", "owner", "messages", "bound"}`: `owner` is the name of the connection to which the queue
        is exclusive (none: to nobody that is there), `bound` are the routing keys that lead to it."""
        return self.evaluate(
            f"""begin
                    Owners = maps:from_list([{{Pid, ({NAME_OF})(Said)}} || [{{pid, Pid}}, {{client_properties, Said}}]
                        <- rabbit_networking:connection_info_all([pid, client_properties])]),
                    KeysTo = fun(Queue) -> [Key || {{binding, {{resource, _, exchange, From}}, Key, _, _}}
                        <- rabbit_binding:list_for_destination(Queue), From =/= <<>>] end,
                    [#{{name => element(4, Queue), owner => maps:get(Owner, Owners, null), messages => Messages,
                        bound => KeysTo(Queue)}} || [{{name, Queue}}, {{owner_pid, Owner}}, {{messages, Messages}}]
                        <- rabbit_amqqueue:info_all({binary(self.vhost)}, [name, owner_pid, messages])]
                end"""
        )

    def queues_script(self):
        """A shell script that lists their names, one each line."""
        names = f"""lists:flatten(lists:join(" ", [binary_to_list(element(4, Queue))
            || [{{name, Queue}}] <- rabbit_amqqueue:info_all({binary(self.vhost)}, [name])]))."""
        call = f"erl_call -address 127.0.0.1:{self._distribution_port} -timeout {ANSWERS_WITHIN} -e"
        return f"""set -e
            export HOME={shlex.quote(self._environment["HOME"])}
            listed=$({call} <<'END'
{names}
END
            )
            case $listed in
                '{{ok, []}}') ;;
                *) echo "$listed" | sed 's/^{{ok, "//; s/"}}$//' | tr ' ' '\\n' ;;
            esac
        """

    def connections(self):
        """A list of `{"name", "state", "user", "channels"}`; the name is what the client calls itself, if it does."""
        return self.evaluate(
            f"""[#{{name => ({NAME_OF})(Properties), state => State, user => User, channels => Channels}}
                || [{{client_properties, Properties}}, {{state, State}}, {{user, User}}, {{channels, Channels}}]
                <- rabbit_networking:connection_info_all([client_properties, state, user, channels])]"""
        )
