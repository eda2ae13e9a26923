# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that answers as a test wants it to, and what a well one would answer."""
import json
import select
import socket
import threading

T4 = {
    'id': 'pci:0000:01:00.0', 'kinds': ['pci'], 'name': 'NVIDIA Corporation TU104GL [Tesla T4]',
    'state': 'available', 'reasons': ['no-iommu', '!host-console'], 'group': 't4', 'rule': 't4-node0',
    'bound': 'vfio-pci',
    'fields': {'pci': {'slot': '0000:01:00.0', 'vendor': 'NVIDIA Corporation',
                       'vendor_device': '10de:1eb8', 'driver': 'nvidia'},
               'sriov-nic': {'physical_slot': '3'}},
}
STICK = {
    'id': 'usb:1-2.1', 'kinds': ['usb'], 'name': 'Evil\x1b[31m\u009bStick\u202e', 'state': 'unmatched',
    'reasons': [], 'fields': {'usb': {'path': '1-2.1'}},
}
INSTANCES = [
    {'id': 'i-1', 'device': 'pci:0000:01:00.0', 'group': 't4', 'vm': 'web', 'uid': 0,
     'life': 'process', 'pid': 77, 'token': 'x', 'generation': 3, 'since': 1700000000000000,
     'state': 'ready', 'attach': {
         'qemu': 'vfio-pci,host=0000:01:00.0',
         'libvirt': "<hostdev mode='subsystem' type='pci' managed='no'/>"}},
    {'id': 'i-12', 'device': 'usb:1-2.1', 'group': 't4', 'tenant': 'blue', 'vm': 'a\x1b[31m',
     'uid': 1000, 'life': 'explicit', 'vm_life': 'connection', 'generation': 1,
     'since': 1700000000000000, 'state': 'missing'},
]
GROUPS = [
    {'name': 't4', 'kind': 'pci', 'description': 'Tesla T4', 'driver': 'vfio-pci', 'devices': 1,
     'available': 1, 'claimed': 0, 'preparing': 0, 'blocked': 0, 'failed': 0, 'missing': 2, 'rules': 1},
    {'name': 'empty', 'kind': 'usb', 'driver': 'keep', 'devices': 0, 'available': 0, 'claimed': 0,
     'preparing': 0, 'blocked': 0, 'failed': 0, 'missing': 0, 'rules': 0},
]
RULES = [
    {'number': 1, 'name': 't4-node0', 'group': 't4', 'kind': 'pci', 'enabled': True,
     'file': '/etc/hostdevd/rules.d/a.conf', 'line': 4,
     'match': '("vendor_device", "equal", "10de:1eb8")', 'matches': 1},
    {'number': 2, 'name': 'lab', 'group': 't4', 'kind': 'pci', 'enabled': False, 'file': 'b', 'line': 9,
     'match': '("slot", "begins-with", "0000:41")', 'matches': 0},
]
STATUS = {
    'version': '0.1.0', 'seq': 17, 'epoch': 'e1', 'started': 1700000000000000, 'monitor': 'udev', 'storage': 'ok',
    'counters': {'events': 12, 'by_kind': {'pci': 3}}, 'latency': {'p50_ms': 0.1},
    'warnings': [], 'limits': ['a', 'b'], 'future': None, 'stale': False,
    'subscribers': [{'uid': 0, 'behind': 2}, {'uid': 7, 'behind': 0}],
}
VERDICTS = [
    {'number': 1, 'rule': 'deep', 'group': 'x', 'enabled': True, 'holds': False, 'conditions': [
        {'field': 'numa_node', 'operator': 'less', 'expected': '1', 'holds': False},
        {'any': [
            {'field': 'driver', 'operator': 'equal', 'expected': '', 'actual': 'nvidia',
             'holds': False},
            {'not': [{'field': 'class', 'operator': 'equal', 'expected': 'Audio', 'actual': 'VGA',
                      'holds': False}]}]},
        {'all': [
            {'field': 'a', 'operator': 'equal', 'expected': '1', 'actual': '1', 'holds': True},
            {'field': 'b', 'operator': 'equal', 'expected': '1', 'actual': '2',
             'holds': False}]}]},
    {'number': 2, 'rule': 'lab', 'group': 't4', 'enabled': False, 'holds': True, 'conditions': [
        {'field': 'slot', 'operator': 'begins-with', 'expected': '0000', 'actual': '0000:01:00.0',
         'holds': True}]},
]


def encode(message):
    return json.dumps(message, ensure_ascii=False).encode() + b'\0'


def reply(**parameters):
    return encode({'parameters': parameters})


def error(name, **parameters):
    return encode({'error': name, 'parameters': parameters})


def event(type_, seq=1, more=True, **rest):
    message = {'parameters': {'event': {'seq': seq, 'usec': 1700000000000000, 'type': type_, **rest}}}
    if more:
        message['continues'] = True
    return encode(message)


def whole_daemon(call):
    """What a well daemon would answer."""
    method, parameters = call['method'], call.get('parameters', {})
    head = {'seq': 17, 'epoch': 'e1'}
    if method == 'org.hostdevd.Status':
        return reply(status=STATUS)
    if method == 'org.hostdevd.ListDevices':
        group = parameters.get('group')
        return reply(**head, devices=[d for d in (T4, STICK) if group in (None, d.get('group'))])
    if method == 'org.hostdevd.ListGroups':
        return reply(**head, groups=GROUPS)
    if method == 'org.hostdevd.ListInstances':
        group = parameters.get('group')
        return reply(**head, instances=[i for i in INSTANCES if group in (None, i['group'])])
    if method == 'org.hostdevd.Claim':
        return reply(instances=INSTANCES[:parameters.get('count', 1)])
    if method in ('org.hostdevd.Assign', 'org.hostdevd.Unassign'):
        return reply(instance=INSTANCES[1])
    if method == 'org.hostdevd.Bind':
        return reply(instances=INSTANCES)
    if method == 'org.hostdevd.Release':
        return reply(released=['i-1', 'i-12'])
    if method == 'org.hostdevd.AcceptLoss':
        return reply(status=STATUS)
    if method == 'org.hostdevd.ListRules':
        return reply(**head, rules=RULES)
    if method in ('org.hostdevd.GetDevice', 'org.hostdevd.Explain'):
        for device in (T4, STICK):
            if device['id'] != parameters['device']:
                continue
            if method.endswith('GetDevice'):
                return reply(**head, device=device)
            if device is T4:
                return reply(device=T4, verdicts=VERDICTS, group='t4', rule='t4-node0')
            return reply(device=device['id'], verdicts=[])
        return error('org.hostdevd.NoSuchDevice', message='no device ' + parameters['device'])
    if method == 'org.hostdevd.Reload':
        return reply(moves=[{'device': 'usb:1-2.1', 'to': 't4'}, {'device': 'usb:1-3', 'from': 'a'}],
                     findings=[{'code': 'x', 'level': 'warning', 'file': 'b.conf', 'line': 3,
                                'message': 'never holds', 'fix': 'remove it'}])
    return error('org.varlink.service.MethodNotFound', method=method)


class Daemon:
    """Answers each call with what answer(call) gives: bytes, or an iterable of bytes and seconds to
    sleep; then, if it gives None, closes. Keeps the calls, and what came behind the last."""

    def __init__(self, path, answer=whole_daemon):
        self.calls, self.answer, self.gone = [], answer, threading.Event()
        self.rest = b''
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        rest = b''
        with connection:
            try:
                while True:
                    data = connection.recv(65536)
                    if not data:
                        break
                    *messages, rest = (rest + data).split(b'\0')
                    for message in messages:
                        call = json.loads(message)
                        self.calls.append(call)
                        if not self.send(connection, self.answer(call)):
                            return
            except OSError:
                pass
            finally:
                self.rest = rest
                self.gone.set()

    @staticmethod
    def send(connection, pieces):
        if isinstance(pieces, bytes):
            pieces = [pieces]
        for piece in pieces:
            if piece is None:
                return False
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif select.select([connection], [], [], piece)[0]:
                return False  # the client has gone
        return True

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # a close alone leaves accept() waiting
        except OSError:
            pass
        self.listener.close()
