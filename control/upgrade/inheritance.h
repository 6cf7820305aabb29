// What a process that takes another one's place has got from it, and how it got there: it says hello, tries what it
// will have to do, and waits until it is given everything.
//
// Errors: whatever keeps it from taking over is told to the other one, which goes on; the caller ends.
// Threads: control, before there is a loop: meet() waits. Owns: the descriptors, until they are taken.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/upgrade/channel.h"
#include "control/upgrade/heir_machine.h"
#include "proxy/net/descriptor.h"

namespace switchyard::control::upgrade {

struct Inheritance {
    HeirMachine machine;
    Json state;
    switchyard::net::Descriptor lock, admin, tickets;  // `tickets`: the keys of TLS tickets; closed: none came
    std::vector<std::pair<switchyard::net::Descriptor, std::string>> listeners;  // with the name of each
    std::vector<switchyard::net::Descriptor> predecessors;                       // in the order of the state's
    switchyard::net::Descriptor elder;

    // Tries what `message` says, with the sockets that came with it; what was tried. A problem: it must not take over.
    using Rehearse = std::function<Result<Json>(
        const Json& message, std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets)>;
    // `hello`: what it says of itself, its version among it.
    static Result<std::shared_ptr<Inheritance>> meet(switchyard::net::Descriptor line, Json hello,
                                                     const Rehearse& rehearse);
};

}  // namespace switchyard::control::upgrade
