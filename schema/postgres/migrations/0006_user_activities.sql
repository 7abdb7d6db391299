-- What users did, kept for two years as the events of the document are (WL-TS): whole partitions go, no row is deleted.
CREATE TABLE public.user_activities (
    user_id uuid NOT NULL CONSTRAINT user_activities_user_id_fkey REFERENCES public.users (id),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    id uuid NOT NULL DEFAULT operations.uuid_v7(),
    activity text NOT NULL,
    entity_type text,
    entity_id uuid,
    details jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (user_id, occurred_at, id),
    CONSTRAINT user_activities_entity_type_check
    CHECK (entity_type IN ('hotel', 'attraction', 'product', 'restaurant')),
    CONSTRAINT user_activities_entity_check CHECK ((entity_type IS NULL) = (entity_id IS NULL))
) PARTITION BY RANGE (occurred_at);

SELECT partman.create_parent('public.user_activities', 'occurred_at', '1 month', p_premake => 4);

-- Partitions ahead also where no row came for a while.
UPDATE partman.part_config
SET retention = '2 years', retention_keep_table = false, infinite_time_partitions = true
WHERE parent_table = 'public.user_activities';
