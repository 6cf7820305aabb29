// What escapes from one piece of a loop's work is logged and counted, and the loop goes on: one request that memory ran
// out for, one text that is no UTF-8, must not end the plane for all the others.
//
// A loop that arms a timer anew after its work puts the work in here and the arming behind it.
#pragma once

#include <cstdint>
#include <exception>

#include "proxy/base/log.h"

namespace switchyard {

// False when something escaped. `loop` names it in the log – if there is memory for the line: where there is none, the
// loop goes on all the same.
template <class Work>
bool guarded(const char* loop, std::uint64_t& escaped, Work&& work) {
    try {
        try {
            work();
            return true;
        } catch (const std::exception& error) {
            ++escaped;
            log_error("{}: a piece of work was given up: {}", loop, error.what());
        } catch (...) {
            ++escaped;
            log_error("{}: a piece of work was given up for an unknown reason", loop);
        }
    } catch (...) {  // out of the log
    }
    return false;
}

}  // namespace switchyard
