// Where a parser that answers only "no" leaves its reason, for callers that want one.
#pragma once

#include <string>
#include <utility>

namespace switchyard::config {

// `why` may be null: the caller does not ask.
inline void say(std::string* why, std::string text) {
    if (why) *why = std::move(text);
}

}  // namespace switchyard::config
