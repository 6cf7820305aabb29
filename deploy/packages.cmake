# Three packages for Debian out of what is installed. Same bits from the same build: the newest commit is the time of all
# that is in them, unless SOURCE_DATE_EPOCH says another.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME switchyard)
set(CPACK_PACKAGE_VENDOR "Switchyard")
set(CPACK_PACKAGE_CONTACT "The Switchyard authors <switchyard@localhost>")
set(CPACK_COMPONENTS_ALL switchyard yardbench forum)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/modes.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/at_packing.cmake)

set(scripts ${CMAKE_CURRENT_LIST_DIR}/debian)
set(CPACK_DEBIAN_SWITCHYARD_PACKAGE_NAME switchyard)
set(CPACK_DEBIAN_SWITCHYARD_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_SWITCHYARD_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_SWITCHYARD_PACKAGE_RECOMMENDS "ca-certificates, logrotate")
set(CPACK_DEBIAN_SWITCHYARD_PACKAGE_CONTROL_EXTRA
    "${scripts}/switchyard/conffiles;${scripts}/switchyard/postinst;${scripts}/switchyard/prerm;${scripts}/switchyard/postrm")
set(CPACK_COMPONENT_SWITCHYARD_DESCRIPTION "HTTP proxy that moves traffic between releases
A reverse proxy with its control plane built in, for blue/green and canary
releases: a switch is one call, and when it answers no later request goes to
the release before.")

set(CPACK_DEBIAN_YARDBENCH_PACKAGE_NAME yardbench)
set(CPACK_DEBIAN_YARDBENCH_PACKAGE_SECTION web)
set(CPACK_COMPONENT_YARDBENCH_DESCRIPTION "load harness for proxies and the releases behind them
Load at a rate with latencies that are true, endpoints with known answers, and
rehearsals of switches and faults on a running Switchyard.")

set(CPACK_DEBIAN_FORUM_PACKAGE_NAME switchyard-forum)
set(CPACK_DEBIAN_FORUM_PACKAGE_SECTION web)
set(CPACK_DEBIAN_FORUM_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_FORUM_PACKAGE_SUGGESTS "redis-server")
set(CPACK_DEBIAN_FORUM_PACKAGE_CONTROL_EXTRA
    "${scripts}/forum/conffiles;${scripts}/forum/postinst;${scripts}/forum/prerm;${scripts}/forum/postrm")
set(CPACK_COMPONENT_FORUM_DESCRIPTION "forum of which two releases serve one database
The application that Switchyard is shown and tested with: a JSON service with a
plain web page, in two colours side by side.")

# CPack reads no variables of the environment; at_packing.cmake sets the time when none is set.
include(CPack)
