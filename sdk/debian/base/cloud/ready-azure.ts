/** Reports the machine ready, which Azure waits for if the image is generalized. Part of `metadata-azure`. */
export const READY_AZURE = `
# element NAME: the text of the first one in $work/goal
element() {
  tr -d '\\r\\n' <"$work/goal" | grep -o "<$1>[^<]*" | head -n 1 | sed 's/^<[^>]*> *//; s/ *$//'
}

report_ready() {
  ask "http://$wire/machine/?comp=goalstate" "$work/goal" --header "x-ms-version: 2012-11-30" --header "x-ms-agent-name: linuxkit" || die "$wire has no goal state for this machine"
  incarnation=$(element Incarnation) container=$(element ContainerId) instance=$(element InstanceId)
  for word in "$incarnation" "$container" "$instance"; do
    case $word in '' | *[!A-Za-z0-9._-]*) die "the goal state of $wire names no incarnation, container and instance" ;; esac
  done
  cat >"$work/health" <<END
<?xml version="1.0" encoding="utf-8"?>
<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<GoalStateIncarnation>$incarnation</GoalStateIncarnation>
<Container><ContainerId>$container</ContainerId>
<RoleInstanceList><Role><InstanceId>$instance</InstanceId><Health><State>Ready</State></Health></Role></RoleInstanceList>
</Container>
</Health>
END
  # its answer is empty
  ask "http://$wire/machine?comp=health" "$work/answered" --header "x-ms-version: 2012-11-30" --header "x-ms-agent-name: linuxkit" --header "Content-Type: text/xml;charset=utf-8" --post-file "$work/health"
  [ -s "$work/trouble" ] && die "$wire knows no report of health"
  echo "metadata: Azure knows that this machine is ready"
}
`;
