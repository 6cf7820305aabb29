# Where units and files under /etc go with this prefix: with /usr into /etc itself, else below the prefix.
#   systemd looks for units in /usr/lib/systemd/system, /lib/systemd/system and /usr/local/lib/systemd/system.
set(BINDIR ${CMAKE_INSTALL_PREFIX}/bin)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(SYSCONFDIR /etc)
    set(UNITDIR /lib/systemd/system)
else()
    set(SYSCONFDIR ${CMAKE_INSTALL_PREFIX}/etc)
    set(UNITDIR ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
endif()

# A file under the place where things are installed (DESTDIR), with the @NAMES@ of `from` filled in.
function(install_filled from to)
    get_filename_component(folder ${to} DIRECTORY)
    get_filename_component(name ${to} NAME)
    set(filled ${SWITCHYARD_FILLED}/${name})
    configure_file(${SWITCHYARD_DEPLOY}/${from} ${filled} @ONLY)
    # Makes folders with the right modes, and puts DESTDIR before them by itself.
    file(INSTALL DESTINATION ${folder} TYPE FILE FILES ${filled})
endfunction()

# A file for its owner to change: one that is there stays.
function(install_conffile from to)
    if(EXISTS $ENV{DESTDIR}${to})
        message(STATUS "Stays as it is: $ENV{DESTDIR}${to}")
        return()
    endif()
    get_filename_component(folder ${to} DIRECTORY)
    get_filename_component(name ${to} NAME)
    file(INSTALL DESTINATION ${folder} TYPE FILE RENAME ${name} FILES ${SWITCHYARD_DEPLOY}/${from})
endfunction()
