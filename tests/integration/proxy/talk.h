// A blocking conversation over a Wire, with a deadline that fails loudly.
#pragma once

#include <poll.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/support/strict_message.h"
#include "tests/support/wire.h"

// Sends a request and gives the final response; throws when none comes or the connection ends before it.
inline switchyard::test::StrictMessage ask(switchyard::test::Wire& wire, std::string_view request,
                                           std::string_view method = "GET") {
    using namespace switchyard::test;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
        request.remove_prefix(wire.write(request));
        wire.read();
        auto result = read_strict_response(wire.seen, method, wire.ended);
        if (result.outcome == StrictResult::Outcome::bad) throw std::runtime_error(result.why);
        if (result.outcome == StrictResult::Outcome::whole) {
            wire.seen.erase(0, result.message.size);
            return std::move(result.message);
        }
        if (wire.cut || wire.ended) throw std::runtime_error("the connection ended before the answer: " + wire.seen);
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error("no answer in time");
        pollfd polled{wire.descriptor(), static_cast<short>(request.empty() ? POLLIN : POLLIN | POLLOUT), 0};
        ::poll(&polled, 1, 100);
    }
}
