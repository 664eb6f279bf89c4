using Microsoft.AspNetCore.Routing;

namespace Zurg.Master.Api;

/// <summary>Every endpoint, in the order of the document.</summary>
internal static class Endpoints
{
    public static void MapAll(IEndpointRouteBuilder routes)
    {
        ApplySpec.Map(routes);
        GetSpec.Map(routes);
        ListSpecs.Map(routes);
        ShowSpec.Map(routes);
        DiffSpecs.Map(routes);
        RevertSpec.Map(routes);
        GetStatus.Map(routes);
        ExplainService.Map(routes);
        RestartService.Map(routes);
        StopService.Map(routes);
        StartService.Map(routes);
        ListRollouts.Map(routes);
        ShowRollout.Map(routes);
        StartRollout.Map(routes);
        PauseRollout.Map(routes);
        ResumeRollout.Map(routes);
        PromoteRollout.Map(routes);
        AbortRollout.Map(routes);
        ListUsers.Map(routes);
        RetireService.Map(routes);
        UnretireService.Map(routes);
        GetEndpoints.Map(routes);
        ReadLogs.Map(routes);
        ListConfigs.Map(routes);
        ShowConfig.Map(routes);
        ShowEnv.Map(routes);
        RunCommand.Map(routes);
        AgentExec.Map(routes);
        ListHosts.Map(routes);
        ShowHost.Map(routes);
        DrainHost.Map(routes);
        UndrainHost.Map(routes);
        LoseHost.Map(routes);
        ListCores.Map(routes);
        GetCore.Map(routes);
        ListReleases.Map(routes);
        GetReleaseDelta.Map(routes);
        ListNeighbours.Map(routes);
        ShowRelease.Map(routes);
        GetManifest.Map(routes);
        PushRelease.Map(routes);
        SignRelease.Map(routes);
        PutArtifact.Map(routes);
        GetArtifact.Map(routes);
        ListEvents.Map(routes);
        ShowHistory.Map(routes);
        AgentSession.Map(routes);
        GetAlerts.Map(routes);
        TestAlerts.Map(routes);
        GetMetrics.Map(routes);
        Healthz.Map(routes);
    }
}
