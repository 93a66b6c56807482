/** What a cluster's own interface does for the benchmark. */
export interface Cluster {
  /** Asks it to run the workload. */
  deploy(): Promise<void>;
  /** Places each replica on a node of its own, and says which node can be lost: one that has a replica. */
  spread(): Promise<string>;
}

/** A part that runs replicas on several machines. */
export interface ClusterPart {
  readonly replicas: number;
  /** Reads how it is reached from the stack's outputs, which change when machines are replaced. */
  connect(outputs: unknown): Promise<Cluster>;
}
