// The trailer lines of one message that are passed on: those it announced and its route allows.
#pragma once

#include <string>
#include <vector>

namespace switchyard::serve {

struct Trailers {
    std::vector<std::string> wanted;  // lower case
    std::string lines;                // "name: value\r\n" each, as they came
};

}  // namespace switchyard::serve
