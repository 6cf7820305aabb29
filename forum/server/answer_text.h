// An answer as the bytes that go over the wire.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "forum/api/call.h"

namespace forum {

struct Wire {
    std::string_view version_label;
    std::string_view colour;
    std::string_view request_id;  // empty: none was read
    bool head_only = false;       // the request was HEAD
    bool http_1_0 = false;
    bool close = false;  // the connection ends with this answer
};

// Appends to `out`. 204 and 304 have neither body nor length (RFC 9110 §8.6).
void append_answer(std::string& out, const Answer& answer, const Wire& wire);

}  // namespace forum
