// Result<T>: a T, or the Problem that kept it from being made. Nothing in control throws across a function border.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>

#include "control/base/problem.h"

namespace switchyard::control {

template <class T>
using Result = boost::system::result<T, Problem>;

// Found by Boost when value() is called on a Result that holds a Problem: a programmer's error.
[[noreturn]] inline void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
    throw std::logic_error("value() of a Result that holds a problem: " + problem.detail);
}

}  // namespace switchyard::control
