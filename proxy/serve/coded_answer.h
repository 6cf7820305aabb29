// What compression makes of an answer: the lines that say so, and the body's way through a coder.
//
// Threads: one worker. Owns: the coder, as long as it lives.
#pragma once

#include <memory>
#include <string>

#include "proxy/serve/coded_body.h"
#include "proxy/serve/endpoint_answer.h"
#include "proxy/serve/head_sources.h"

namespace switchyard::serve {

struct CodedAnswer {
    std::string lines;                // of the head
    std::unique_ptr<CodedBody> body;  // null: it goes as it is, or there is none

    enum class Coded : std::uint8_t { not_meant, yes, no_room };
    // Decides by both heads, and takes out of the answer's what is not true of a coded body. `base`: where its text
    // stands.
    Coded decide(const HeadSources& from, EndpointAnswer& answer, const char* base, WorkerContext& context);
};

}  // namespace switchyard::serve
