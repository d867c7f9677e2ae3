declare module 'fastify' {
  interface FastifyRequest {
    principal: string;
  }
  interface FastifyContextConfig {
    scope?: 'read' | 'write' | 'import' | 'ops' | 'public';
  }
}

export {};
