// One answer against what a step expects and wants to keep from it. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/yardbench/engine/response_reader.h"
#include "bench/yardbench/scenario/scenario.h"

namespace yardbench {

struct AnswerCheck {
    bool right = false;
    std::string why;           // the first expectation that did not hold
    std::string acknowledged;  // what the step's `acknowledge` points at
};

// Called with every captured value.
using Captured = std::function<void(std::size_t variable, std::string value)>;
// A number below the given one, for "*" in a pointer.
using Lot = std::function<std::uint64_t(std::uint64_t)>;

// `turn`: how many answers of this step this user has had, to honour Capture::every.
AnswerCheck check_answer(const Step& step, const ResponseReader& response, std::uint64_t turn, const Captured& captured,
                         const Lot& lot);

}  // namespace yardbench
