// The answer of a route that compresses.
#include "proxy/serve/delivery.h"

namespace switchyard::serve {

void Delivery::code() {
    const auto coded = coded_.decide(from_, attempt_.answer(), attempt_.lane().base(), context());
    if (coded == CodedAnswer::Coded::no_room) count_coded({0, 0, 0, 1});
}

void Delivery::count_coded(const CodedCounts& counts) {
    context().cell(course_.route->id, course_.upstream->id, course_.in_force->generation, course_.keyless()).coded +=
        counts;
}

}  // namespace switchyard::serve
