// An exchange's place in its worker's list of those that are on their way to an upstream and back, while a report wants
// to know how long that takes (Account::tell_ages).
//
// It is empty otherwise, so that a request pays a look at one flag. It leaves the list when it ends.
// Threads: one worker.
#pragma once

#include <boost/intrusive/list.hpp>

namespace switchyard::serve {

struct UnderWay : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {};
struct AllUnderWay : boost::intrusive::list<UnderWay, boost::intrusive::constant_time_size<false>> {
    bool wanted = false;  // by the last report: exchanges enter it
};

}  // namespace switchyard::serve
