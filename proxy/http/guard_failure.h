// What a refusal of the guard is, by the status that it asks for.
#pragma once

#include "proxy/base/failure.h"
#include "proxy/http/framing.h"

namespace switchyard::http {

constexpr Failure failure_of(const Guarded& refused) {
    switch (refused.status) {
        case 417:
            return Failure::bad_expectation;
        case 501:
            return Failure::unknown_coding;
        default:
            return Failure::bad_request;
    }
}

}  // namespace switchyard::http
