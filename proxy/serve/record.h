// What happened to one exchange, filled in as it goes and accounted once, at its end.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/answer_kind.h"
#include "proxy/base/failure.h"
#include "proxy/base/mark_notes.h"

namespace switchyard::serve {

struct Record {
    std::int64_t started_us = 0;     // first byte of the request seen
    std::int64_t first_byte_us = 0;  // final response head seen; 0: never
    std::int64_t attempt_us = 0;     // the current attempt was sent
    std::uint16_t status = 0;        // as the client saw it; 0: none
    std::uint64_t bytes_in = 0;      // body octets from the client
    std::uint64_t bytes_out = 0;     // everything sent to the client
    std::uint32_t attempts = 0;
    Failure failure = Failure::none;

    // Of the first attempt, for the analysis; of the upstream that was meant when it had nobody to take the request.
    bool first_done = false;
    bool first_counted = false;  // by the generation that routed it
    bool first_failed = false;
    std::uint32_t first_upstream = 0;  // Registry id
    AnswerKind first_answer = AnswerKind::ordinary;
    Failure first_failure = Failure::none;  // why it failed; none: by its status
    std::uint16_t first_status = 0;
    std::uint32_t first_endpoint = MarkNote::kNoEndpoint;
    std::int64_t first_head_us = 0;  // duration from sent to response head (or to the failure)
    // What reports have told of its age (Passage); 0: nothing.
    std::uint16_t told_head = 0, told_whole = 0;
    bool stands_outside = false;  // how long the whole answer takes says nothing
};

}  // namespace switchyard::serve
