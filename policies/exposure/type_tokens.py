"""Type tokens of the resources that this pack alone looks at."""

SERVICE_ACCOUNT = "gcp:serviceaccount/account:Account"
REDIS_CLUSTER = "gcp:redis/cluster:Cluster"
HMAC_KEY = "gcp:storage/hmacKey:HmacKey"
GENERATED_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 # a type token

ADDRESS = "gcp:compute/address:Address"
GLOBAL_ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
FORWARDING_RULE = "gcp:compute/forwardingRule:ForwardingRule"
GLOBAL_FORWARDING_RULE = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
MACHINE = "gcp:compute/instance:Instance"
NAT = "gcp:compute/routerNat:RouterNat"
DNS_ZONE = "gcp:dns/managedZone:ManagedZone"
DNS_RECORD = "gcp:dns/recordSet:RecordSet"

DATASET_ACCESS = "gcp:bigquery/datasetAccess:DatasetAccess"
DATASET_MEMBER = "gcp:bigquery/datasetIamMember:DatasetIamMember"
DATASET_BINDING = "gcp:bigquery/datasetIamBinding:DatasetIamBinding"
DATASET_POLICY = "gcp:bigquery/datasetIamPolicy:DatasetIamPolicy"
CONNECTION_MEMBER = "gcp:bigquery/connectionIamMember:ConnectionIamMember"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
KEY_BINDING = "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding"
RING_MEMBER = "gcp:kms/keyRingIAMMember:KeyRingIAMMember"
RING_BINDING = "gcp:kms/keyRingIAMBinding:KeyRingIAMBinding"
BUCKET_MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
SECRET_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 # a type token
TOPIC_MEMBER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
SUBSCRIPTION_MEMBER = "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"

ATLAS_LINK = "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint"
TIMESCALE_VPC = "timescale:index/vpcs:Vpcs"
TIMESCALE_PEERING = "timescale:index/peeringConnection:PeeringConnection"
