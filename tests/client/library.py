# SPDX-License-Identifier: GPL-2.0-or-later
"""libhostdev as its users build it."""
import os
import re
import shutil
import subprocess

from fake import encode, error, reply
from place import BUILD, CC, PATIENCE, SANITIZE, TREE, VALGRIND, case, holds, same
from watching import LIVE


def compile_user(place, source, *flags, compiler=CC):
    program = os.path.join(place.path, 'user')
    subprocess.run([compiler, *SANITIZE, '-Wall', '-Wextra', '-Werror', '-I', TREE + '/include',
                    *flags, '-o', program, os.path.join(TREE, 'tests/client', source),
                    '-L', BUILD, '-lhostdev', '-Wl,-rpath,' + BUILD], check=True, timeout=PATIENCE)
    return program


def run_user(place, program, *arguments, **options):
    result = subprocess.run([*VALGRIND, program, *arguments], env=place.environment, timeout=PATIENCE,
                            capture_output=True, text=True, **options)
    same(result.returncode, 0, result.stderr)
    return result.stdout


@case
def library_in_a_poll_loop(place):
    half = LIVE[3]
    place.serve([b''.join(LIVE[:3]), 0.05, half[:40], 0.05, half[40:], None])
    program = compile_user(place, 'poll_loop.c', '-std=c17')
    same(run_user(place, program), 'device.added 5\ngroup.joined 5\nready 5\ndevice.changed 6\n'
         'ended: Connection reset by peer\n')


@case
def library_contracts(place):
    def answer(call):
        method = call['method'].split('.')[-1]
        if method == 'Echo':
            return encode({'parameters': call['parameters']})
        if method == 'Count':
            return [encode({'parameters': {'n': n}, 'continues': n < 3}) for n in (1, 2, 3)]
        if method == 'Twice':
            return reply() + reply()
        if method == 'Slow':
            return [0.3, reply(done=True)]
        return error('org.hostdevd.Busy', message='no', reasons=['in-use'])
    place.serve(answer)
    program = compile_user(place, 'contracts.c', '-std=c17', '-D_GNU_SOURCE')
    same(run_user(place, program), 'all contracts kept\n')
    same(place.daemon.calls[0]['method'], 'org.example.Echo')


@case
def library_header_is_cpp(place):
    source = place.write('user.cpp', '#include <hostdev.h>\n#include <cstdio>\nint main()\n{\n'
                         '\tstd::puts(hostdev_socket_path("/x"));\n'
                         '\treturn hostdev_disconnect(nullptr) != nullptr;\n}\n')
    compiler = 'clang++' if 'clang' in CC else 'c++'
    if not shutil.which(compiler):
        return
    same(run_user(place, compile_user(place, source, '-std=c++17', compiler=compiler)), '/x\n')


@case
def library_is_found_by_pkg_config(place):
    """As installed: -o leaves the build as it is, whatever it was built with."""
    root = os.path.join(place.path, 'root')
    subprocess.run(['make', '-C', TREE, '-o', 'all', 'BUILD=' + BUILD, 'DESTDIR=' + root, 'install'],
                   check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)

    def ask(*question):
        environment = {'PATH': os.environ['PATH'], 'PKG_CONFIG_PATH': root + '/usr/lib/pkgconfig'}
        return subprocess.run(['pkg-config', *question, 'libhostdev'], env=environment, check=True,
                              capture_output=True, text=True, timeout=PATIENCE).stdout.strip()

    numbers = 'HOSTDEV_VERSION_MAJOR, HOSTDEV_VERSION_MINOR, HOSTDEV_VERSION_MICRO'
    source = place.write('user.c', '#include <hostdev.h>\n#include <stdio.h>\nint main(void)\n{\n'
                         f'\tprintf("%d.%d.%d %s\\n", {numbers}, hostdev_socket_path("/x"));\n'
                         '\treturn 0;\n}\n')
    program = compile_user(place, source, '-I', root + ask('--variable=includedir'))
    same(run_user(place, program), ask('--modversion') + ' /x\n')
    same(place.ok('--version'), 'hostdevctl ' + ask('--modversion') + '\n')
    holds('-lhostdev' in ask('--libs').split(), ask('--libs'))
    holds(os.path.exists(root + ask('--variable=libdir') + '/libhostdev.so'), 'the library')


@case
def library_exports_exactly_its_map(place):
    with open(TREE + '/tools/libhostdev/libhostdev.map', encoding='utf-8') as file:
        mapped = set(re.findall(r'^\t(hostdev_\w+);', file.read(), re.M))
    with open(TREE + '/include/hostdev.h', encoding='utf-8') as file:
        declared = set(re.findall(r'(hostdev_\w+)\((?!\))[^*/]', re.sub(
            r'/\*.*?\*/', '', file.read(), flags=re.S)))
    output = subprocess.run(['nm', '-D', '--defined-only', BUILD + '/libhostdev.so'], check=True,
                            capture_output=True, text=True).stdout
    exported = set(re.findall(r' T (\w+)@@HOSTDEV_0', output))
    same(exported, mapped)
    same(declared | {'hostdev_value_new_object'} - exported, mapped)
    same(len(re.findall(r' [TDBR] ', output)), len(mapped))
    place.ok('--version')
