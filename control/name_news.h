// What changed with a name, for the log and the events.
#pragma once

#include "control/core/event_log.h"
#include "control/names/address_book.h"

namespace switchyard::control {

void tell_of_name(const AddressBook::News& news, EventLog& events);

}  // namespace switchyard::control
